"""The process that runs a student's cells; nothing that it says is believed."""
