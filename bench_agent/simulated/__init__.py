"""Stand-ins that behave: sun, battery, phones, gate and player without hardware."""
