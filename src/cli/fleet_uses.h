// The part of the table of cli/parameters.h that is about fleets. For commands.cc alone.
#pragma once

#include "cli/parameters.h"

namespace certferry::cli {

using enum ParameterId;

// Sets are bits: kFirst is the command's set 0, and so on.
inline constexpr std::uint8_t kFirst = 1, kSecond = 2, kThird = 4, kFourth = 8;

inline constexpr Use kFleet_[] = {
    {kAction, kEverySet, 0, 0, Repeat::kOnce, "show (default), init, passphrase, bundle, take, report or accept.",
     "show|init|passphrase|bundle|take|report|accept"},
    {kSubject, kEverySet, 0, 1, Repeat::kOnce, "bundle: the computer. take, accept: the file."},
    {kOutput, kEverySet, 0, kNamedOnly, Repeat::kOnce, "bundle, report: the file to write."},
    {kUnderPassphrase},
    {kNewPassphraseFile},
    {kKeysIn},
    {kReport},
};
inline constexpr Example kFleetExamples[] = {
    {"certferry fleet init", "Makes a fleet that is administered on this computer."},
    {"certferry fleet passphrase", "Puts the fleet's keys on this computer under a passphrase, or changes it."},
    {"certferry fleet bundle web01.example.com --output web01.bundle",
     "Writes what a computer needs into a file; its keys are sealed to that computer."},
};
inline constexpr Use kComputer_[] = {
    {kAction, kEverySet, 0, 0, Repeat::kOnce,
     "list (default), add, requests, approve, move, rekey, release, lost or remove.",
     "list|add|requests|approve|move|rekey|release|lost|remove"},
    {kSubject, kEverySet, 0, 1, Repeat::kOnce, "The computer.", {}},
    {kSite},
    {kPool},
    {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "The uses that the computer hosts; '' for all."},
    {kRelay, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kFingerprint},
    {kReport}};
inline constexpr Example kComputerExamples[] = {
    {"certferry computer add web01.example.com --site Redmond --pool web.example.com --type Default,WebServicesExternal",
     "Prints a token with which that computer can join within 15 minutes."},
    {"certferry computer rekey web01.example.com", "Prints a token with which that computer can change its keys."},
    {"certferry computer approve web02.example.com --fingerprint 3f9a0c11d2e45b67 --pool web.example.com",
     "Takes a computer in that asked without a token and shows this fingerprint."},
};
inline constexpr Use kTopology_[] = {
    {kOutput, kEverySet, 0, kNamedOnly, Repeat::kOnce, "Draws it into a file: .svg or .html."},
    {kExport},
    {kImportFrom},
    {kPrune},
    {kReport},
    {kWhatIf},
    {kConfirm},
};
inline constexpr Example kTopologyExamples[] = {
    {"certferry topology", "Shows sites, pools and computers, and whether each serves what it shall."},
    {"certferry topology --output fleet.svg", "Draws it."},
    {"certferry topology --export fleet.toml", "Writes it as TOML."},
    {"certferry topology --import fleet.toml --what-if", "Shows which computers would be moved."},
};
inline constexpr Use kJoin_[] = {
    {kToken, kEverySet, kFirst, 0},
    {kOutput, kEverySet, 0, kNamedOnly, Repeat::kOnce,
     "The file to carry to where the fleet is administered, in place of a relay."},
    {kTimeout, kEverySet, 0, kNamedOnly, Repeat::kOnce,
     "How long to wait for being taken in: 60 where it is not given."},
    {kKeysIn},
    {kNewKeys},
};
inline constexpr Use kServe_[] = {
    {kListen, kEverySet, 0, kNamedOnly, Repeat::kBoth},
    {kRelay, kEverySet, 0, kNamedOnly, Repeat::kBoth,
     "How computers reach this relay: this computer's name and the port it listens at, where it is not given. May be repeated."},
};
inline constexpr Example kServeExamples[] = {
    {"certferry serve", "A relay at port 7443, for this computer's store."},
    {"certferry serve --listen 192.0.2.10:7443 --relay relay.example.com:7443",
     "At one address, under a name of its own."},
};
inline constexpr Example kJoinExamples[] = {
    {"certferry join -", "Joins by way of the relays that the token names, and gets what this computer shall have."},
    {"certferry join - --output web01.join",
     "Makes this computer's keys, and writes what `certferry fleet accept` wants."},
    {"certferry join - --keys-in 'pkcs11:token=web01?pin-source=file:/etc/certferry.pin'",
     "Makes the keys in a token; the PIN is read from a file."},
    {"certferry join - --new-keys --keys-in tpm2:", "Changes the keys of a computer of the fleet for ones in its TPM."},
};

inline constexpr Use kStore_[] = {
    {kAction, kEverySet, 0, 0, Repeat::kOnce, "show (default), migrate, backup or restore.",
     "show|migrate|backup|restore"},
    {kSubject, kEverySet, 0, 1, Repeat::kOnce, "backup, restore: the file."},
    {kTo},
    {kForce, kEverySet, 0, kNamedOnly, Repeat::kOnce, "restore: replaces what the store holds, after a question."},
    {kWhatIf},
    {kReport},
};
inline constexpr Example kStoreExamples[] = {
    {"certferry store", "Shows where the store is, what it holds, and how etcd's members are."},
    {"certferry store migrate --to 'etcd://etcd1.example.com:2379,etcd2.example.com:2379/fleet?ca=/etc/certferry/ca.pem'",
     "Copies everything to etcd, compares it, and names the new store in certferry.toml."},
    {"certferry store backup /root/store.backup",
     "Writes everything in it into one file. Private keys are not in the store."},
};

inline constexpr Use kAdminRole[] = {
    {kIdentity, kEverySet, 0, 0, Repeat::kOnce, "The role."}, {kFilter}, {kSid}, {kLocalStore}, {kReport},
};
inline constexpr Example kAdminRoleExamples[] = {
    {"certferry admin-role", "Shows every role."},
    {"Get-CsAdminRole -Filter '*View*'", "Those whose name matches."},
};
inline constexpr Use kRole_[] = {
    {kAction, kEverySet, kFirst, 0, Repeat::kOnce, "new, set or remove.", "new|set|remove"},
    {kSubject, kEverySet, kFirst, 1, Repeat::kOnce, "The role."},
    {kTemplate, kEverySet, 0, kNamedOnly, Repeat::kOnce, "The standard role whose rights it gets."},
    {kIdentity, kEverySet, 0, kNamedOnly, Repeat::kBoth, "Where: Global, site:…, pool:…, computer:…. May be repeated."},
    {kType, kEverySet, 0, kNamedOnly, Repeat::kOnce, "For which uses; '' for all."},
    {kOutput, kEverySet, 0, kNamedOnly, Repeat::kOnce, "new: the file for the role's key."},
    {kReport},
};
inline constexpr Example kRoleExamples[] = {
    {"certferry role new RedmondServers --template CsServerAdministrator --identity site:Redmond --output redmond.key",
     "Makes a role and its key; whoever has the key can import and assign certificates for the computers of that site."},
    {"certferry role remove RedmondServers", "Takes every right from it."},
};

}  // namespace certferry::cli
