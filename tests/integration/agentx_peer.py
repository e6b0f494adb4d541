"""AgentX (RFC 2741) by hand, for both ends: a second subagent, and a master that does as a case tells it.

A Subagent talks to a real snmpd and serves integers from a dict. A Master listens where edgenoded looks for snmpd,
answers what has to be answered, and sends whatever octets a case wants.
"""
import os
import socket
import struct
import threading

from edge import Failed, expect, ids, wait_for

OPEN, CLOSE, REGISTER, UNREGISTER, GET, GETNEXT, GETBULK, TESTSET, COMMITSET, UNDOSET, CLEANUPSET, NOTIFY, PING, \
    INDEX_ALLOCATE, INDEX_DEALLOCATE, ADD_CAPS, REMOVE_CAPS, RESPONSE = range(1, 19)
NETWORK_ORDER = 0x10
CONTEXT = 0x08
VERSION = 1
DEFAULT_PRIORITY = 127
UNSUPPORTED_CONTEXT, DUPLICATE = 262, 263
INTEGER, OCTETS, NULL, OBJECT_ID, COUNTER64 = 2, 4, 5, 6, 70
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 128, 129, 130
WORD_TYPES = (INTEGER, 65, 66, 67)
ANSWER_S = 10


class Closed(Exception):
    """The other end has closed the connection."""


# --- PDUs ------------------------------------------------------------------------------------------------------------

def pack_oid(oid, include=False):
    """Without the prefix that the standard allows: an OID of any beginning, even one that is none."""
    return struct.pack("!BBBB%dI" % len(oid), len(oid), 0, include, 0, *oid)


def pack_string(text):
    return struct.pack("!I", len(text)) + text + b"\0" * (-len(text) % 4)


def pack_range(begin, end, include=False):
    return pack_oid(begin, include) + pack_oid(end)


def pack_varbind(kind, oid, value=None):
    data = {INTEGER: lambda: struct.pack("!i", value), OCTETS: lambda: pack_string(value)}.get(kind, lambda: b"")()
    return struct.pack("!HH", kind, 0) + pack_oid(oid) + data


def pack_pdu(kind, payload=b"", session=0, transaction=0, packet=0, flags=NETWORK_ORDER, version=VERSION, length=None):
    """length: what the header says where that is not the truth."""
    length = len(payload) if length is None else length
    return struct.pack("!BBBBIIII", version, kind, flags, 0, session, transaction, packet, length) + payload


class Pdu:
    """One that came."""

    def __init__(self, header, payload):
        self.kind, self.flags = header[1], header[2]
        self.order = "!" if self.flags & NETWORK_ORDER else "<"
        self.session, self.transaction, self.packet, _ = struct.unpack(self.order + "IIII", header[4:])
        self.payload, self.at = payload, 0

    def take(self, form):
        form = self.order + form
        values = struct.unpack_from(form, self.payload, self.at)
        self.at += struct.calcsize(form)
        return values if len(values) > 1 else values[0]

    def left(self):
        return self.at < len(self.payload)

    def oid(self):
        """(OID, include)"""
        n, prefix, include, _ = self.take("BBBB")
        oid = struct.unpack_from("%s%dI" % (self.order, n), self.payload, self.at)
        self.at += 4 * n
        return ((1, 3, 6, 1, prefix) if prefix else ()) + oid, bool(include)

    def string(self):
        n = self.take("I")
        text = self.payload[self.at:self.at + n]
        self.at += n + -n % 4
        return text

    def value(self, kind):
        if kind in WORD_TYPES:
            return self.take("i" if kind == INTEGER else "I")
        if kind == COUNTER64:
            return self.take("Q")
        if kind == OBJECT_ID:
            return self.oid()[0]
        return self.string() if kind in (OCTETS, 64, 68) else None

    def ranges(self):
        found = []
        while self.left():
            begin, include = self.oid()
            found.append((begin, self.oid()[0], include))
        return found

    def varbinds(self):
        """[(OID, type, value)]"""
        found = []
        while self.left():
            kind, _ = self.take("HH")
            oid, _ = self.oid()
            found.append((oid, kind, self.value(kind)))
        return found

    def response(self):
        """(error, index, varbinds) of a Response."""
        _, error, index = self.take("IHH")
        return error, index, self.varbinds()


def receive_exactly(connection, n):
    data = b""
    while len(data) < n:
        try:
            part = connection.recv(n - len(data))
        except ConnectionError:
            part = b""
        if not part:
            raise Closed()
        data += part
    return data


def receive(connection):
    header = receive_exactly(connection, 20)
    order = "!" if header[2] & NETWORK_ORDER else "<"
    return Pdu(header, receive_exactly(connection, struct.unpack(order + "I", header[16:])[0]))


def pack_response(varbinds=b"", error=0, index=0):
    return struct.pack("!IHH", 0, error, index) + varbinds


# --- a subagent ------------------------------------------------------------------------------------------------------

class Subagent:
    """Registers with the master at a UNIX socket; a thread of its own answers from values: {OID: integer}."""

    def __init__(self, path, values=()):
        self.values = {ids(oid): value for oid, value in dict(values).items()}
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(ANSWER_S)
        self.connection.connect(path)
        self.session = self.packet = 0
        self.answers, self.came = {}, threading.Condition()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        opened = self.ask(OPEN, struct.pack("!BBBB", 5, 0, 0, 0) + pack_oid(()) + pack_string(b"peer"))
        self.session = opened.session

    def ask(self, kind, payload, flags=NETWORK_ORDER):
        """The Response to a PDU of ours."""
        with self.came:
            self.packet += 1
            number = self.packet
            self.connection.sendall(pack_pdu(kind, payload, session=self.session, packet=number, flags=flags))
            if not self.came.wait_for(lambda: number in self.answers, ANSWER_S):
                raise Failed("snmpd does not answer a PDU of type %d" % kind)
            return self.answers.pop(number)

    def register(self, oid, priority=DEFAULT_PRIORITY, context=None):
        """The error of the Response."""
        payload = struct.pack("!BBBB", 0, priority, 0, 0) + pack_oid(ids(oid))
        if context is None:
            return self.ask(REGISTER, payload).response()[0]
        return self.ask(REGISTER, pack_string(context) + payload, NETWORK_ORDER | CONTEXT).response()[0]

    def unregister(self, oid, priority=DEFAULT_PRIORITY):
        return self.ask(UNREGISTER, struct.pack("!BBBB", 0, priority, 0, 0) + pack_oid(ids(oid))).response()[0]

    def close(self):
        """As one that dies: without a word."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the master was quicker
        self.thread.join(ANSWER_S)
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _serve(self):
        try:
            while True:
                try:
                    pdu = receive(self.connection)
                except TimeoutError:
                    continue
                if pdu.kind == RESPONSE:
                    with self.came:
                        self.answers[pdu.packet] = pdu
                        self.came.notify_all()
                elif pdu.kind in (GET, GETNEXT, GETBULK):
                    self._answer(pdu)
        except (Closed, OSError):
            pass

    def _answer(self, pdu):
        if pdu.flags & CONTEXT:
            pdu.string()
        if pdu.kind == GETBULK:
            pdu.take("HH")
        found = b"".join(self._get(begin) if pdu.kind == GET else self._next(begin, end, include)
                         for begin, end, include in pdu.ranges())
        self.connection.sendall(pack_pdu(RESPONSE, pack_response(found), session=self.session,
                                         transaction=pdu.transaction, packet=pdu.packet))

    def _get(self, oid):
        if oid in self.values:
            return pack_varbind(INTEGER, oid, self.values[oid])
        return pack_varbind(NO_INSTANCE, oid)

    def _next(self, begin, end, include):
        after = sorted(o for o in self.values if (o >= begin if include else o > begin) and (not end or o < end))
        return pack_varbind(INTEGER, after[0], self.values[after[0]]) if after else pack_varbind(END_OF_VIEW, begin)


# --- a master --------------------------------------------------------------------------------------------------------

class Master:
    """In snmpd's place, for one subagent at a time; a thread of its own answers.

    silent: kinds of PDU that stay without an answer. closes: kinds at which it closes. errors: {kind: error}.
    """

    def __init__(self, path):
        self.path, self.silent, self.closes, self.errors = path, set(), set(), {}
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.connection, self.sessions, self.packet, self.over = None, 0, 0, False
        self.received, self.asked, self.answers, self.came = {}, set(), {}, threading.Condition()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.drop()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(ANSWER_S)
        self.listener.close()
        os.unlink(self.path)

    def count(self, kind):
        """PDUs of this kind in the present session."""
        with self.came:
            return self.received.get(kind, 0)

    def wait_session(self, timeout=10):
        """Until a subagent has opened a session and begins to register what it has."""
        wait_for(lambda: self.count(REGISTER) > 0, timeout, "a session of edgenoded", pause=0.02)

    def drop(self):
        """Closes the connection of the subagent."""
        connection = self.connection
        if connection:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it was quicker

    def send(self, data):
        """Octets as they are. False: the subagent has closed."""
        try:
            self.connection.sendall(data)
        except OSError:
            return False
        return True

    def ask(self, kind, payload, timeout=ANSWER_S, **header):
        """The Response of the subagent; None: none came."""
        with self.came:
            self.packet += 1
            number = self.packet
            self.asked.add(number)
        header.setdefault("session", self.sessions)
        if not self.send(pack_pdu(kind, payload, packet=number, transaction=number, **header)):
            return None
        with self.came:
            self.came.wait_for(lambda: number in self.answers, timeout)
            return self.answers.pop(number, None)

    def get(self, oid):
        """(type, value) as the subagent answers."""
        answer = self.ask(GET, pack_range(ids(oid), ()))
        expect(answer is not None, "there is no answer to a Get of " + oid)
        (_, kind, value), = answer.response()[2]
        return kind, value

    def _run(self):
        while not self.over:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.came:
                self.received, self.asked, self.answers, self.connection = {}, set(), {}, connection
                self.sessions += 1
            try:
                while True:
                    self._one(connection)
            except (Closed, OSError, struct.error):
                pass
            connection.close()

    def _one(self, connection):
        pdu = receive(connection)
        if pdu.kind == RESPONSE:
            with self.came:
                if pdu.packet in self.asked:
                    self.asked.remove(pdu.packet)
                    self.answers[pdu.packet] = pdu
                    self.came.notify_all()
            return
        if pdu.kind in self.closes:
            raise Closed()
        if pdu.kind not in self.silent:
            connection.sendall(pack_pdu(RESPONSE, pack_response(error=self.errors.get(pdu.kind, 0)),
                                        session=self.sessions, transaction=pdu.transaction, packet=pdu.packet))
        with self.came:
            self.received[pdu.kind] = self.received.get(pdu.kind, 0) + 1
            self.came.notify_all()
