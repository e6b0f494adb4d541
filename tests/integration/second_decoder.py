"""A manager that is not net-snmp's: pysnmp. For the interpreter that has the distribution's packages.

usage: second_decoder.py walk ADDRESS PORT OID
       second_decoder.py listen ADDRESS PORT ENGINE WORK MIBDIR...
The user is EDGE_USER with EDGE_AUTH and EDGE_PRIV of the environment, SHA-256 and AES-128. Prints JSON: of a walk one
list of [oid, type, value], where octets are hexadecimal; of each notification, as it comes, one such list in a line,
with a fourth member "name = value" by EDGENODE-MIB, which is compiled to the directory WORK.
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
                              bulkCmd, usmAesCfb128Protocol, usmHMAC192SHA256AuthProtocol)
    from pysnmp.smi import builder, compiler, view
    from pysnmp.proto.api import v2c
    from pysnmp.proto.rfc1905 import EndOfMibView
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

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


def walk(address, port, root):
    user = UsmUserData(USER, AUTH, PRIV, authProtocol=usmHMAC192SHA256AuthProtocol, privProtocol=usmAesCfb128Protocol)
    found = []
    target = UdpTransportTarget((address, int(port)), timeout=5, retries=2)
    for error, status, _, rows in bulkCmd(SnmpEngine(), user, target, ContextData(), 0, 50,
                                          ObjectType(ObjectIdentity(root)), lookupMib=False, lexicographicMode=False):
        if error or status:
            sys.exit("%s" % (error or status.prettyPrint()))
        found += [plain(name, value) for name, value in rows if not isinstance(value, EndOfMibView)]
    print(json.dumps(found))


def load_mib(work, directories):
    mibs = builder.MibBuilder()
    compiler.addMibCompiler(mibs, sources=["file://" + directory for directory in directories], destination=work)
    mibs.loadModules("EDGENODE-MIB", "SNMPv2-MIB")
    return view.MibViewController(mibs)


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
    {"walk": walk, "listen": listen}[sys.argv[1]](*sys.argv[2:])
