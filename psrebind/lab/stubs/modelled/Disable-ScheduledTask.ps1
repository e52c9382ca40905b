Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.disable $global:LabTaskAsRow
