Find-LabWebsite $PSCmdlet $PSBoundParameters
