Find-LabTask $PSCmdlet $PSBoundParameters | ForEach-Object { New-LabTask $_ }
