"""What a run takes of the machine that it is started on: processes, tools, locks and folders."""
