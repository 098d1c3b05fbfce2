// The part of the table of cli/parameters.h that is about certificates with a date, and the way back. For commands.cc alone.
#pragma once

#include "cli/fleet_uses.h"
#include "cli/parameters.h"

namespace certferry::cli {

using enum ParameterId;

inline constexpr Use kRoll_[] = {
    {kAction, kEverySet, kFirst, 0, Repeat::kOnce, "list, now or cancel.", "list|now|cancel"},
    {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "The uses; for now and cancel."},
    {kIdentity, kEverySet, 0, kNamedOnly},
    {kAcceptShortOverlap},
    {kReport},
    {kWhatIf},
    {kWait},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce, "--wait: how long at most; 600 where it is not given."},
    {kConfirm}};
inline constexpr Example kRollExamples[] = {
    {"certferry roll list", "Shows what waits for its date."},
    {"certferry roll now --type WebServicesExternal", "Does not wait for the date."},
    {"certferry roll cancel --type WebServicesExternal", "Gives the staged certificate up; it stays in the store."}};
inline constexpr Use kRollback_[] = {
    {kType, kEverySet, kFirst, kNamedOnly, Repeat::kOnce, "The uses."},
    {kIdentity, kEverySet, 0, kNamedOnly},
    {kReport},
    {kWhatIf},
    {kWait},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce, "--wait: how long at most; 600 where it is not given."},
    {kConfirm}};
inline constexpr Example kRollbackExamples[] = {
    {"certferry rollback --type WebServicesExternal", "Uses the certificate from before the last roll again."}};

inline constexpr Use kReplace_[] = {
    {kAction, kEverySet, 0, 0, Repeat::kOnce, "resume, abort or list; without it, a replacement begins.",
     "resume|abort|list"},
    {kSubject, kEverySet, 0, 1, Repeat::kOnce, "resume, abort: which one; the last one where it is not given."},
    {kIssuedBy},
    {kKeyDigest},
    {kThumbprint},
    {kWith, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kPasswordFile},
    {kPasswordFd},
    {kTrust, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kWaves},
    {kPause},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce,
     "How long the computers of a wave may take; 600 where it is not given."},
    {kReport},
    {kWhatIf},
    {kConfirm},
};
inline constexpr Example kReplaceExamples[] = {
    {"certferry replace --issued-by 'Litware Issuing CA' --with web.pfx --with mail.pfx --what-if",
     "Shows what an authority that fell touches, and which computers would come when."},
    {"certferry replace --thumbprint B142918E --with web.pfx --waves 1,10%,100% --pause",
     "Replaces one certificate on one computer, and waits until it serves the new one."},
    {"certferry replace resume", "Goes on with the next wave."},
    {"certferry replace abort", "Gives every computer back what it had."},
};

}  // namespace certferry::cli
