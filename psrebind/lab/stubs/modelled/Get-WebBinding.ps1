Find-LabBinding $PSCmdlet $PSBoundParameters
