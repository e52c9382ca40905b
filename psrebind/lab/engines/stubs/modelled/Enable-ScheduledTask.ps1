Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.enable { New-LabTask $args[1] }
