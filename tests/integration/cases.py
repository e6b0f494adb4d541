"""The list of integration cases and its decorator."""

CASES = []


class Case:
    """A function that raises edge.Failed or edge.Skipped, or returns a note (or None) when all holds."""

    def __init__(self, function, alone, long, seconds):
        self.function, self.alone, self.long, self.seconds = function, alone, long, seconds
        self.name = function.__name__


def case(function=None, alone=False, long=False, seconds=5):
    """alone: nothing runs beside it (it measures time or needs the machine), but for the edge node's cases beside those
    of others. long: only where it is named, or EDGENODE_LONG is set. seconds: about how long, longest first."""
    def add(decorated):
        CASES.append(Case(decorated, alone, long, seconds))
        return decorated
    return add(function) if function else add
