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

}  // namespace certferry::cli
