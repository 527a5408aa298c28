"""How much work the check of one file may be."""

from showcase.media.domain import Reason, Refused

# A step is one chunk, one block, or some samples: up to two microseconds. Honest films have one for some hundred bytes;
# small files get a start. What they have fewer of (boxes, other elements) costs several steps.
_STEPS = 20_000
_BYTES = 200


class WorkBudget:
    """Counts the steps of one file's check: in proportion to its size, whatever its tables say."""

    def __init__(self, size: int) -> None:
        self.left = _STEPS + size // _BYTES

    def spend(self, steps: int = 1) -> None:
        """Raises: Refused(`too_complex`), where the budget is used up."""
        self.left -= steps
        if self.left < 0:
            raise Refused(Reason.TOO_COMPLEX)
