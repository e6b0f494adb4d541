"""The list of integration cases and its decorator."""

CASES = []


class Case:
    """A function that raises edge.Failed or edge.Skipped, or returns a note (or None) when all holds."""

    def __init__(self, function, alone, seconds):
        self.function, self.alone, self.seconds = function, alone, seconds
        self.name = function.__name__


def case(function=None, alone=False, seconds=5):
    """alone: nothing runs beside it (it measures time or needs the machine). seconds: about how long, longest first."""
    def add(decorated):
        CASES.append(Case(decorated, alone, seconds))
        return decorated
    return add(function) if function else add
