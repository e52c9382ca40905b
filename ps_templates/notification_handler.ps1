# Written by psrebind, which registers it as a certificate notification task: Windows runs it as
# SYSTEM for each certificate of this computer that another one replaces. Do not edit:
# 'psrebind task enable --method notification' writes it anew.

param(
    [string]$OldCertHash,
    [string]$NewCertHash,
    [string]$EventRecordId
)

foreach ($hash in $OldCertHash, $NewCertHash) {
    # 87: a parameter is not correct.
    if ($hash -notmatch '\A[0-9A-Fa-f]{40}\z') { exit 87 }
}

& "$env:SystemRoot\System32\inetsrv\appcmd.exe" renew binding `
    "/oldcert:$OldCertHash" "/newcert:$NewCertHash"
exit $LASTEXITCODE
