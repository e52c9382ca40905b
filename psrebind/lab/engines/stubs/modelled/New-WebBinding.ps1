Add-LabBinding $PSCmdlet $PSBoundParameters
