"""Room rule: mend what is wrong with settings where there is nothing to decide (``validate-config --fix``).

In here: what is a slip of the pen (``spelling``), edits of the operator's text that leave every other
character alone (``dotenv_text``, ``toml_text``, ``control_text``), rights of files and folders
(``modes``), all of it together as a plan that changes nothing (``plan``), and the hand that carries
the plan out (``apply``). Must not come in: values. What a setting should be, where the state lies and
which agents there are is for people to say. Cold path only.
"""
