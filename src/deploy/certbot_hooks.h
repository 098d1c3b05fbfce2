// The deploy hooks that people wrote for certbot, run as certbot runs them.
#pragma once

#include <string>

#include "base/file.h"
#include "base/process.h"
#include "base/result.h"
#include "deploy/binding.h"

namespace certferry::deploy {

// Runs the executable files of `folder` in the order of their names, as root, with RENEWED_LINEAGE (a folder with cert.pem,
// chain.pem, fullchain.pem and privkey.pem: live/<Type>/current) and RENEWED_DOMAINS (the certificate's names, separated by
// blanks); names that end in ~ are left out, as certbot does. The first one that fails ends it.
// CF1645 where others than root could change the folder or a hook; CF1664 where there is no such folder, or one fails or
// takes longer than the binding's limit for reloads.
[[nodiscard]] Result<> run_certbot_hooks(Process& process, FileSystem& files, const Binding& binding,
                                         const BindingPlace& place, const std::string& folder);

}  // namespace certferry::deploy
