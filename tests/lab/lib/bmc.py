"""A BMC of the lab: sushy-emulator, whose one host is a site that tests/lab/power switches.

Its arguments are the folder of the lab's commands, and then those of sushy-emulator.
"""

import subprocess
import sys

from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver
from sushy_tools import error

COMMANDS = sys.argv.pop(1)


class Lab(fakedriver.FakeDriver):
    """Power as it is, and not as it was last asked for."""

    def get_power_state(self, identity):
        site = self._get(identity)["name"]
        read = [COMMANDS + "/bmc", "read", site]
        done = subprocess.run(read, capture_output=True, text=True, timeout=10)
        said = done.stdout.strip()
        # Not by its exit code: the emulator collects children itself, and Python then takes it for 0.
        if said not in ("On", "Off"):
            raise error.FishyError(done.stderr.strip() or "the site cannot be read")
        return said

    def set_power_state(self, identity, state):
        site = self._get(identity)["name"]
        wanted = {"On": "on", "ForceOn": "on", "ForceOff": "off"}.get(state)
        if wanted is None:
            raise error.NotSupportedError(f"the lab cannot do {state}")
        if self.get_power_state(identity).lower() == wanted:
            return
        # Answered at once; it lands when it lands.
        subprocess.Popen([COMMANDS + "/power", site, wanted], start_new_session=True)


fakedriver.FakeDriver = Lab
sys.exit(main.main())
