"""``ports.StateFolder``: the folder itself, before anybody asks what its files say.

In here: whose folder this is, who may have changed it, what dead writers have left in it, its switches
and its room. Must not come in: what a lease, a ledger or an intent says (``adapters.records``).
"""

from tinyscheduler.adapters.state_folder.folder import FileStateFolder

__all__ = ["FileStateFolder"]
