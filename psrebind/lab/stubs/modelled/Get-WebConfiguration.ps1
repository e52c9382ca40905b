Find-LabConfiguration $PSCmdlet $PSBoundParameters
