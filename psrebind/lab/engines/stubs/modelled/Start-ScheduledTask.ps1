Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.start
