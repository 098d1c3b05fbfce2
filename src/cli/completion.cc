#include "cli/completion.h"

#include "base/ascii.h"
#include "cli/parameters.h"
#include "cli/words.h"

namespace certferry::cli {
namespace {

constexpr std::string_view kScopes = "Global site: pool: computer:";

bool offered(const Command& command) { return command.available && !command.hidden; }

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string command_names() {
  std::vector<std::string> names;
  for (const Command& each : commands()) {
    if (offered(each)) names.emplace_back(each.name);
  }
  return joined(names);
}

std::string spaced(std::string_view choices) {
  std::string text(choices);
  for (char& c : text) c = c == '|' ? ' ' : c;
  return text;
}

// Every way to write the parameters of a command in one dialect.
std::vector<std::string> spellings(const Command& command, Dialect dialect) {
  std::vector<std::string> words;
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (!each.option.empty() && !each.reserved) words.push_back(spelled(each, dialect));
    }
  }
  return words;
}

std::string bare_words(const Command& command) {
  if (command.id == CommandId::kHelp) return command_names();
  for (const Use& use : command.uses) {
    if (use.position == 0 && parameter(use.parameter).kind == Kind::kChoice) return spaced(choices_of(use));
    if (use.position == 0 && parameter(use.parameter).kind == Kind::kScope) return std::string(kScopes);
  }
  return {};
}

// What bash does for a value of this kind; empty: nothing is offered.
std::string bash_action(const Use& use, std::string_view types) {
  switch (parameter(use.parameter).kind) {
    case Kind::kFile: return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))";
    case Kind::kFolder: return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case Kind::kTypes: return "_certferry_list \"" + std::string(types) + "\"";
    case Kind::kScope: return "COMPREPLY=($(compgen -W \"" + std::string(kScopes) + "\" -- \"$cur\"))";
    case Kind::kBoolean: return "COMPREPLY=($(compgen -W \"True False\" -- \"$cur\"))";
    case Kind::kChoice: return "COMPREPLY=($(compgen -W \"" + spaced(choices_of(use)) + "\" -- \"$cur\"))";
    default: return {};
  }
}

std::string bash_command(const Command& command, Dialect dialect, std::string_view types) {
  const bool cmdlet = dialect == Dialect::kCmdlet;
  std::string text =
      "    " + (cmdlet ? ascii_lower(command.cmdlet) : std::string(command.name)) + ")\n      case \"$prev\" in\n";
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (each.option.empty() || !takes_value(each.kind)) continue;
      const std::string spelling = spelled(each, dialect);
      const std::string action = bash_action(use, types);
      text += "        " + (cmdlet && !spelling.starts_with("--") ? ascii_lower(spelling) : spelling) + ") " + action +
              (action.empty() ? "" : "; ") + "return ;;\n";
    }
  }
  text += "      esac\n      words=\"" + joined(spellings(command, dialect)) + "\"\n      bare=\"" +
          bare_words(command) + "\"\n      ;;\n";
  return text;
}

std::string bash_script(std::string_view types) {
  std::string native, cmdlets, names = "certferry";
  for (const Command& each : commands()) {
    if (!offered(each)) continue;
    native += bash_command(each, Dialect::kNative, types);
    if (each.cmdlet.empty()) continue;
    cmdlets += bash_command(each, Dialect::kCmdlet, types);
    names += " " + std::string(each.cmdlet);
  }
  return "# bash completion for certferry\n"
         "_certferry_list() {\n"
         "  local before=\"\"\n"
         "  [[ $cur == *,* ]] && before=\"${cur%,*},\"\n"
         "  COMPREPLY=($(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\"))\n"
         "  compopt -o nospace\n"
         "}\n"
         "_certferry() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" command words bare i\n"
         "  COMPREPLY=()\n"
         "  command=\"${COMP_WORDS[0]##*/}\"\n"
         "  if [[ $command == *-[cC][sS]* ]]; then\n"
         "    command=\"${command,,}\" prev=\"${prev,,}\"\n"
         "  else\n"
         "    command=\"\"\n"
         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "      case \"${COMP_WORDS[i]}\" in\n"
         "        --home) ((i++)) ;;\n"
         "        -*) ;;\n"
         "        *) command=\"${COMP_WORDS[i]}\"; break ;;\n"
         "      esac\n"
         "    done\n"
         "    [[ -n $command ]] || { COMPREPLY=($(compgen -W \"" +
         command_names() +
         " --help --version\" -- \"$cur\")); return; }\n"
         "  fi\n"
         "  case \"$command\" in\n" +
         native + cmdlets +
         "    *) return ;;\n"
         "  esac\n"
         "  if [[ $cur == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  elif [[ -n $bare ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$bare\" -- \"$cur\"))\n"
         "  else\n"
         "    compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _certferry " +
         names + "\n";
}

// In single quotes; zsh's _arguments gives '[', ']' and ':' meanings of their own.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result;
}

std::string zsh_action(const Use& use, std::string_view types) {
  switch (parameter(use.parameter).kind) {
    case Kind::kFile: return "_files";
    case Kind::kFolder: return "_files -/";
    case Kind::kTypes: return "_values -s , type " + std::string(types);
    case Kind::kScope: return "(Global site\\: pool\\: computer\\:)";
    case Kind::kBoolean: return "(True False)";
    case Kind::kChoice: return "(" + spaced(choices_of(use)) + ")";
    default: return " ";
  }
}

std::string zsh_command(const Command& command, Dialect dialect, std::string_view types) {
  const std::string name(dialect == Dialect::kCmdlet ? command.cmdlet : command.name);
  std::string text = "    " + name + ")\n      _arguments \\\n";
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (each.option.empty() || each.reserved) continue;
      const bool many = takes_several(use, dialect);
      text += "        '" + std::string(many ? "*" : "") + spelled(each, dialect) + "[" + zsh_text(help_of(use)) + "]";
      if (takes_value(each.kind)) text += ":" + std::string(each.value) + ":" + zsh_action(use, types);
      text += "' \\\n";
    }
  }
  const std::string bare = bare_words(command);
  text += bare.empty() ? "        '*:file:_files'\n" : "        '*:word:(" + zsh_text(bare) + ")'\n";
  return text + "      ;;\n";
}

std::string zsh_script(std::string_view types) {
  std::string native, cmdlets, names = "certferry", list;
  for (const Command& each : commands()) {
    if (!offered(each)) continue;
    native += zsh_command(each, Dialect::kNative, types);
    list += "      '" + std::string(each.name) + ":" + zsh_text(each.summary) + "'\n";
    if (each.cmdlet.empty()) continue;
    cmdlets += zsh_command(each, Dialect::kCmdlet, types);
    names += " " + std::string(each.cmdlet);
  }
  return "#compdef " + names +
         "\n_certferry() {\n"
         "  local command=$service\n"
         "  if [[ $service == certferry ]]; then\n"
         "    local -a commands=(\n" +
         list +
         "    )\n"
         "    if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
         "    command=$words[2]\n"
         "    shift words; (( CURRENT-- ))\n"
         "  fi\n"
         "  case $command in\n" +
         native + cmdlets +
         "  esac\n"
         "}\n"
         "compdef _certferry " +
         names + "\n";
}

std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string fish_value(const Use& use, std::string_view types) {
  switch (parameter(use.parameter).kind) {
    case Kind::kFile: return " -r -F";
    case Kind::kFolder: return " -x -a '(__fish_complete_directories)'";
    case Kind::kTypes: return " -x -a " + fish_quoted(types);
    case Kind::kScope: return " -x -a " + fish_quoted(kScopes);
    case Kind::kBoolean: return " -x -a 'True False'";
    case Kind::kChoice: return " -x -a " + fish_quoted(spaced(choices_of(use)));
    case Kind::kSwitch: return "";
    default: return " -x";
  }
}

std::string fish_script(std::string_view types) {
  std::string text = "# fish completion for certferry\n";
  for (const Command& each : commands()) {
    if (!offered(each)) continue;
    text += "complete -c certferry -f -n __fish_use_subcommand -a " + std::string(each.name) + " -d " +
            fish_quoted(each.summary) + "\n";
    const std::string seen = " -n '__fish_seen_subcommand_from " + std::string(each.name) + "'";
    for (std::span<const Use> uses : {each.uses, global_uses()}) {
      for (const Use& use : uses) {
        const Parameter& one = parameter(use.parameter);
        if (one.option.empty() || one.reserved) continue;
        text += "complete -c certferry" + seen + " -l " + std::string(one.option) + fish_value(use, types) + " -d " +
                fish_quoted(help_of(use)) + "\n";
        if (!each.cmdlet.empty()) {
          const std::string name =
              one.cmdlet.empty() ? " -l " + std::string(one.option) : " -o " + std::string(one.cmdlet);
          text += "complete -c " + std::string(each.cmdlet) + name + fish_value(use, types) + " -d " +
                  fish_quoted(help_of(use)) + "\n";
        }
      }
    }
    const std::string bare = bare_words(each);
    text += "complete -c certferry" + seen + (bare.empty() ? " -F" : " -f -a " + fish_quoted(bare)) + "\n";
  }
  return text;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell, std::span<const std::string> types) {
  const std::string names = joined(types);
  if (shell == "bash") return bash_script(names);
  if (shell == "zsh") return zsh_script(names);
  if (shell == "fish") return fish_script(names);
  return std::nullopt;
}

}  // namespace certferry::cli
