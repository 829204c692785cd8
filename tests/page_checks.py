"""What the tests of pages ask of an `AppTest`."""


def healthy(at):
    """Return the page if it shows no traceback and no error."""
    assert not at.exception, at.exception
    assert not at.error, [error.value for error in at.error]
    return at


def words(at):
    """All that can be read on a page, but for labels and tables."""
    shown = [*at.title, *at.subheader, *at.markdown, *at.caption]
    told = [*at.info, *at.warning, *at.success]
    return " ".join(str(element.value) for element in [*shown, *told])
