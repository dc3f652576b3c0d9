"""What is written of the marts for people, made from what the models say of themselves.

`docs/marts-reference.md` and the columns of the datasets in `superset/` are renewed by `quanyu marts docs`; a test
refuses a page that is not what the models say today.
"""

from quanyu.marts_docs.models import Mart, Variable, complaints, read_marts, read_variables
from quanyu.marts_docs.pages import pages

__all__ = ["Mart", "Variable", "complaints", "pages", "read_marts", "read_variables"]
