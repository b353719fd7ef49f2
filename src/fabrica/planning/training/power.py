"""Power of devices while they train, and of the site around them.

Source: the linear model idle + (maximum - idle) x activity, and conversion losses, as in the RAPS digital twin
(ExaDigiT). Links keep a device partly busy. Published fleets lie far under their maximum (Acme traces), so never
maximum x hours.
"""

from fabrica.planning.training.columns import Column
from fabrica.planning.training.devices import Device
from fabrica.planning.training.step import Step

ACTIVITY_COMPUTING, ACTIVITY_WAITING = 0.95, 0.35
CONVERSION = 0.98 * 0.96  # of rectifiers and voltage converters
HOST_SHARE = 0.35  # of the devices' power, for processors, memory and network: 1.9 kW for a device of 1.4 kW


def device_watts(device: Device, made: Step) -> Column | None:
    """Return the mean watts of a device over a step; null where its maximum or idle power is not known."""
    if device.tdp_watts is None or device.idle_watts is None:
        return None
    computing = (made.compute + made.optimizer) * made.slowdown / made.seconds
    activity = ACTIVITY_COMPUTING * computing + ACTIVITY_WAITING * (1 - computing)
    return device.idle_watts + (device.tdp_watts - device.idle_watts) * activity


def site_watts_per_device(watts: float) -> float:
    """Return the power a site feeds in for one device, with its share of the host, before cooling."""
    return watts * (1 + HOST_SHARE) / CONVERSION
