"""A manager that is not net-snmp's: pysnmp. For the interpreter that has the distribution's packages.

usage: second_decoder.py walk ADDRESS PORT OID
       second_decoder.py survey ADDRESS PORT OID,... MODULE,... WORK MIBDIR...
       second_decoder.py listen ADDRESS PORT ENGINE WORK MIBDIR...
The user is EDGE_USER with EDGE_AUTH and EDGE_PRIV of the environment, SHA-256 and AES-128. Prints JSON: of a walk one
list of [oid, type, value], where octets are hexadecimal; of each notification, as it comes, one such list in a line,
with a fourth member "name = value" by EDGENODE-MIB, which is compiled to the directory WORK. A survey is a walk of each
OID, {"walked": values, "got": [[oid, type]] by GET, "named": what each value is by the modules, or why it is not what
its module says}.
Exit 77 where there is no pysnmp.
"""
import json
import os
import sys

try:
    from pysnmp.carrier.asyncore.dgram import udp
    from pysnmp.entity import config, engine
    from pysnmp.entity.rfc3413 import ntfrcv
    from pysnmp.hlapi import (ContextData, ObjectIdentity, ObjectType, SnmpEngine, UdpTransportTarget, UsmUserData,
                              bulkCmd, getCmd, usmAesCfb128Protocol, usmHMAC192SHA256AuthProtocol)
    from pysnmp.smi import builder, compiler, view
    from pysnmp.smi.error import SmiError
    from pyasn1.error import PyAsn1Error
    from pysnmp.proto.api import v2c
    from pysnmp.proto.rfc1905 import EndOfMibView
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

REPETITIONS, GETS = 13, 25  # values that come with an answer
USER, AUTH, PRIV = (os.environ["EDGE_" + name] for name in ("USER", "AUTH", "PRIV"))


def plain(name, value):
    kind = type(value).__name__
    if isinstance(value, v2c.ObjectIdentifier):
        shown = str(value)
    elif isinstance(value, v2c.OctetString):
        shown = bytes(value).hex()
    else:
        shown = int(value)
    return [str(name), kind, shown]


def session(address, port):
    user = UsmUserData(USER, AUTH, PRIV, authProtocol=usmHMAC192SHA256AuthProtocol, privProtocol=usmAesCfb128Protocol)
    return SnmpEngine(), user, UdpTransportTarget((address, int(port)), timeout=5, retries=2), ContextData()


def values_of(answers):
    """(name, value) of each instance that the answers of a command have."""
    for error, status, _, rows in answers:
        if error or status:
            sys.exit("%s" % (error or status.prettyPrint()))
        yield from (row for row in rows if not isinstance(row[1], EndOfMibView))


def bulk(manager, root, repetitions):
    return values_of(bulkCmd(*manager, 0, repetitions, ObjectType(ObjectIdentity(root)), lookupMib=False,
                             lexicographicMode=False))


def walk(address, port, root):
    print(json.dumps([plain(name, value) for name, value in bulk(session(address, port), root, 50)]))


def load_mib(work, directories, modules=("EDGENODE-MIB",)):
    mibs = builder.MibBuilder()
    compiler.addMibCompiler(mibs, sources=["file://" + directory for directory in directories], destination=work)
    mibs.loadModules("SNMPv2-MIB", *modules)
    return view.MibViewController(mibs)


def named(mibs, name, value):
    """The value is cast to its object's syntax, whose ranges the library then holds it to."""
    try:
        return ObjectType(ObjectIdentity(str(name)), value).resolveWithMib(mibs).prettyPrint()
    except (SmiError, PyAsn1Error) as error:
        return str(error)


def survey(address, port, roots, modules, work, *directories):
    manager, mibs = session(address, port), load_mib(work, directories, modules.split(","))
    walked = [found for root in roots.split(",") for found in bulk(manager, root, REPETITIONS)]
    got = []
    for i in range(0, len(walked), GETS):
        asked = [ObjectType(ObjectIdentity(str(name))) for name, _ in walked[i:i + GETS]]
        got += values_of(getCmd(*manager, *asked, lookupMib=False))
    print(json.dumps({"walked": [plain(*found) for found in walked],
                      "got": [[str(name), type(value).__name__] for name, value in got],
                      "named": [named(mibs, *found) for found in walked]}))


def listen(address, port, engine_id, work, *directories):
    mibs = load_mib(work, directories)
    receiver = engine.SnmpEngine(v2c.OctetString(hexValue=engine_id))
    config.addTransport(receiver, udp.domainName, udp.UdpTransport().openServerMode((address, int(port))))
    config.addV3User(receiver, USER, config.usmHMAC192SHA256AuthProtocol, AUTH, config.usmAesCfb128Protocol, PRIV)

    def received(_engine, _reference, _context_engine, _context, varbinds, _arg):
        print(json.dumps([plain(name, value) +
                          [ObjectType(ObjectIdentity(str(name)), value).resolveWithMib(mibs).prettyPrint()]
                          for name, value in varbinds]), flush=True)

    ntfrcv.NotificationReceiver(receiver, received)
    receiver.transportDispatcher.jobStarted(1)
    print("listening", flush=True)
    receiver.transportDispatcher.runDispatcher()


if __name__ == "__main__":
    {"walk": walk, "survey": survey, "listen": listen}[sys.argv[1]](*sys.argv[2:])
