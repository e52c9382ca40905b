Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.info { ConvertTo-LabTaskInfo @args }
