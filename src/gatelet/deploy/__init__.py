"""From a fitted model to the device: integers, test programs on emulated cores."""
