"""`python -m ven_actors.vtn`."""

from ven_actors.vtn.command import vtn

vtn(prog_name="python -m ven_actors.vtn")
