"""Checks of one uploaded file: the process that bounds them, and what they make of images and videos."""
