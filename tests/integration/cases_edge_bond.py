"""Bonds of the edge node: what is served equals what its kernel says, also while ports or a bond are down."""
from cases import case
from edge import expect_equal, wait_for
from edge_node import different, edge_node, notified, settle, truth


def sections(shown):
    """/proc/net/bonding/NAME as [{key: value}]: the bond, then a port each. Of a key that comes twice the first counts:
    our own side stands before the partner's."""
    found = [{}]
    for line in shown.splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "Slave Interface":
            found.append({})
        found[-1].setdefault(key, value)
    return found


def speed(node, interface):
    """None: not known, as of one that is down; /proc/net/bonding has the last one then."""
    status, shown = node.machine.ask("cat /sys/class/net/%s/speed" % interface)
    return int(shown) if status == 0 and int(shown) > 0 else None


def lacp_bits(state):
    """The octet of BITS: the first bit is the highest."""
    return bytes([int("{:08b}".format(state)[::-1], 2)])


def bond_row(bond, ports, mtu, bond_speed):
    """The columns of a bond. In a mode without LACP one port sends, and there is nothing of a partner."""
    row = {"edgeBondMtu": mtu, "edgeBondSpeed": bond_speed, "edgeBondUp": truth(bond["MII Status"] == "up"),
           "edgeBondPorts": len(ports)}
    if "802.3ad" not in bond["Bonding Mode"]:
        active = bond["Currently Active Slave"] in [port["Slave Interface"] for port in ports]
        return dict(row, edgeBondMode=b"active-backup", edgeBondActivePorts=int(active), edgeBondAggregatorId=None,
                    edgeBondPartnerMac=None)
    return dict(row, edgeBondMode=b"802.3ad", edgeBondActivePorts=int(bond["Number of ports"]),
                edgeBondAggregatorId=int(bond["Aggregator ID"]),
                edgeBondPartnerMac=bytes.fromhex(bond["Partner Mac Address"].replace(":", "")))


def port_row(port, port_speed):
    lacp = "port state" in port
    return {"edgeBondPortName": port["Slave Interface"].encode(),
            "edgeBondPortUp": truth(port["MII Status"] == "up"), "edgeBondPortSpeed": port_speed,
            "edgeBondPortFailures": int(port["Link Failure Count"]),
            "edgeBondPortAggregatorId": int(port["Aggregator ID"]) if lacp else None,
            "edgeBondPortLacpState": lacp_bits(int(port["port state"])) if lacp else None}


def bonds_differ(node):
    bonds, rows, found = node.rows("edgeBondTable"), node.rows("edgeBondPortTable"), []
    wanted_names = node.machine.run("cat /sys/class/net/bonding_masters").split()
    if sorted(row["edgeBondName"].decode() for row in bonds.values()) != sorted(wanted_names):
        return ["the bonds are %s" % bonds]
    for instance, row in bonds.items():
        name = row["edgeBondName"].decode()
        bond, *ports = sections(node.machine.run("cat /proc/net/bonding/" + name))
        index, mtu = map(int, node.machine.run("cd /sys/class/net/%s && cat ifindex mtu" % name).split())
        if str(index) != instance:
            found.append("the row of %s is %s, its ifIndex %d" % (name, instance, index))
        found += different(name, row, bond_row(bond, ports, mtu, speed(node, name)))
        for port in ports:
            device = port["Slave Interface"]
            port_index = node.machine.run("cat /sys/class/net/%s/ifindex" % device).strip()
            found += different(device, rows.pop("%s.%s" % (instance, port_index), {}),
                               port_row(port, speed(node, device)))
    return found + ["a row of a port that is not there: %s" % key for key in rows]


# By bond: the cable that is pulled, and how many ports send then and otherwise. b1 is a port of bond1, too.
PULLED = {"bond0": ("b1", 1, 2), "bond1": ("b1", 1, 2), "bond2": ("d0", 1, 1)}


def active_ports(node):
    """{name: edgeBondActivePorts}."""
    return {row["edgeBondName"].decode(): row["edgeBondActivePorts"] for row in node.rows("edgeBondTable").values()}


def failures_of(node):
    """{name: the failures of its ports}."""
    found = {}
    for instance, value in node.manager.column("edgeBondPortFailures").items():
        name = node.get("edgeBondName." + instance.partition(".")[0]).decode()
        found[name] = found.get(name, 0) + value
    return found


@case(seconds=60)
def edge_node_bond():
    """Two 802.3ad bonds that negotiate, one with a port in reserve: /proc/net/bonding, also while ports are down."""
    with edge_node("edge_node_bond") as node:
        whole, pulled = ({name: counts[i] for name, counts in PULLED.items()} for i in (2, 1))
        cables = {counts[0] for counts in PULLED.values()}
        wait_for(lambda: active_ports(node) == whole, 20, "the active ports %s" % whole)
        settle(lambda: bonds_differ(node))
        failures = failures_of(node)
        try:
            for cable in cables:
                node.machine.run("ip link set %s down" % cable)
            wait_for(lambda: active_ports(node) == pulled, 20, "the active ports %s" % pulled)
            settle(lambda: bonds_differ(node))
            expect_equal(failures_of(node), {name: count + 1 for name, count in failures.items()}, "the failures")
            for bond in node.rows("edgeBondTable"):
                notified(node, "edgeBondDegraded", "edgeBondActivePorts", bond)
        finally:
            for cable in cables:
                node.machine.run("ip link set %s up" % cable)
        wait_for(lambda: active_ports(node) == whole, 20, "the active ports %s again" % whole)
        settle(lambda: bonds_differ(node))
        for bond in node.rows("edgeBondTable"):
            notified(node, "edgeBondRestored", "edgeBondActivePorts", bond)


def check_bond_down(node):
    """To the kernel its ports look active all the time."""
    try:
        node.machine.run("ip link set bond0 down")
        wait_for(lambda: active_ports(node)["bond0"] == 0, 20, "no active port")
    finally:
        node.machine.run("ip link set bond0 up")
    wait_for(lambda: active_ports(node)["bond0"] == 2, 20, "two active ports again")
    settle(lambda: bonds_differ(node))
