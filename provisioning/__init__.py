"""Enrolment, images, signed updates and the power board firmware."""
