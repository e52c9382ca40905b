Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.disable { New-LabTask $args[1] }
