"""--prove: shows that the checker finds what it is there to find."""
from registry import FAULTS


def prove(run_one):
    """run_one(fault) gives a row. Returns 0 when the honest bridge passes and the other is found out in every direction."""
    honest, early = run_one(FAULTS["P1"]), run_one(FAULTS["P2"])
    for text in honest.failures:
        print(f"     {text}")
    silent = [name for name, (_, lost, _) in early.by_flow.items() if not lost]
    print(f"as built: {honest.lost} lost of {honest.sent}, {honest.duplicates} duplicates: {'pass' if honest.passed else 'FAIL'}")
    print(f"with early acknowledgements: {early.lost} lost of {early.sent}: " +
          ("found out in every direction" if early.lost and not silent else f"NOT found out in {', '.join(silent) or 'any direction'}"))
    return 0 if honest.passed and early.lost and not silent else 1
