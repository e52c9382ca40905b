Unregister-LabTask $PSCmdlet $PSBoundParameters
