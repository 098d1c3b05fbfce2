#include "commands/bindings.h"

#include <unistd.h>

#include "deploy/binding_set.h"

namespace certferry::commands {

Result<std::vector<deploy::Binding>> load_bindings(Environment& environment, const Home& home) {
  CERTFERRY_ASSIGN(std::vector<deploy::Binding> bindings,
                   deploy::read_bindings(environment.files, deploy::binding_folder(home.path()), ::geteuid()));
  std::erase_if(bindings, [](const deploy::Binding& binding) { return binding.built_in; });
  return bindings;
}

}  // namespace certferry::commands
