"""Messages between the judge's and the student's process: values, calls and gradients."""
