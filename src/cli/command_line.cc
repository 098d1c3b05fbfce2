#include "cli/command_line.h"

#include "cli/binder.h"
#include "cli/cmdlet.h"
#include "cli/native.h"

namespace certferry::cli {

Parsed parse_command_line(int argc, char** argv, SecretWords secrets) {
  Words words{{}, secrets == SecretWords::kOverwrite};
  for (int i = 0; i < argc; ++i) words.words.emplace_back(argv[i]);
  if (words.words.empty()) words.words.emplace_back("certferry");
  std::string_view& name = words.words.front();
  name = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
  if (const Command* cmdlet = find_cmdlet(name)) return parse_cmdlet(*cmdlet, std::move(words));
  return parse_native(std::move(words));
}

}  // namespace certferry::cli
