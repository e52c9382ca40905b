Invoke-LabTask $PSCmdlet $PSBoundParameters tasks.enable $global:LabTaskAsRow
