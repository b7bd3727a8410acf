"""Programs and libraries: what their headers tell. ELF by pyelftools, PE by pefile, Java classes and WebAssembly by readers of our own."""

# pyelftools and pefile carry no types
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false, reportMissingTypeStubs=false

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from omnic_stream.converters.warm.cards import write_card
from omnic_stream.converters.warm.dossier import Dossier, Table, card_of, write_json, write_page
from omnic_stream.converters.warm.files import read
from omnic_stream.converters.warm.javaclass import class_dossier
from omnic_stream.converters.warm.members import sized
from omnic_stream.converters.warm.readers import opened
from omnic_stream.converters.warm.sections import instant
from omnic_stream.converters.warm.wasm import wasm_dossier
from omnic_stream.model.contracts import Call, MiB
from omnic_stream.model.errors import Corrupt, OmnicError

LARGEST = 256 * MiB
MOST_NAMES = 5_000
BROKEN = "The program is broken: its headers cannot be read."
MACHINES = {
    "EM_X86_64": "x86-64", "EM_386": "x86", "EM_ARM": "ARM", "EM_AARCH64": "ARM64", "EM_MIPS": "MIPS", "EM_PPC": "PowerPC",
    "EM_PPC64": "PowerPC 64", "EM_S390": "IBM Z", "EM_RISCV": "RISC-V", "EM_SPARC": "SPARC", "EM_IA_64": "Itanium", "EM_LOONGARCH": "LoongArch",
}  # fmt: skip
TYPES = {"ET_EXEC": "executable", "ET_DYN": "shared object", "ET_REL": "object file", "ET_CORE": "core dump"}


def dossier(call: Call) -> Dossier:
    """Raises Corrupt, TooExpensive."""
    try:
        return DOSSIERS[call.source](call)
    except OmnicError:
        raise
    except Exception as error:  # the libraries meet broken headers with whatever happens to fail
        raise Corrupt(BROKEN) from error


def page(call: Call) -> None:
    write_page(call, dossier(call))


def metadata(call: Call) -> None:
    write_json(call, dossier(call))


def picture(call: Call) -> None:
    write_card(call, card_of(dossier(call)))


# --- ELF (System V ABI, gABI 4.1) -------------------------------------------------------------------------------------------


def elf_dossier(call: Call) -> Dossier:
    from elftools.elf.elffile import ELFFile

    with opened(call) as stream:
        elf = ELFFile(stream)
        header = elf.header
        machine = MACHINES.get(str(header.e_machine), str(header.e_machine).removeprefix("EM_"))
        dynamic = _dynamic(elf)
        segments = {str(segment.header.p_type): segment for segment in elf.iter_segments()}
        interpreter = _interpreter(segments.get("PT_INTERP"))
        kind = TYPES.get(str(header.e_type), str(header.e_type))
        if kind == "shared object" and (interpreter or dynamic.get("flags_1", 0) & 0x08000000):
            kind = "position independent executable"
        symbols = _symbols(elf)
        sections = _sections(elf)
        stack = segments.get("PT_GNU_STACK")
        data: dict[str, Any] = {
            "kind": kind,
            "bits": elf.elfclass,
            "byte_order": "little" if elf.little_endian else "big",
            "machine": machine,
            "system": str(header.e_ident.EI_OSABI).removeprefix("ELFOSABI_"),
            "entry": int(header.e_entry),
            "interpreter": interpreter,
            "soname": dynamic.get("soname"),
            "needed": dynamic.get("needed", []),
            "search_path": dynamic.get("path"),
            "build_id": _build_id(elf),
            "compilers": _compilers(elf),
            "stripped": elf.get_section_by_name(".symtab") is None,
            "debug_information": bool(elf.has_dwarf_info(strict=True)),
            "executable_stack": None if stack is None else bool(stack.header.p_flags & 1),
            "read_only_relocations": _relro("PT_GNU_RELRO" in segments, bool(dynamic.get("bind_now"))),
            "stack_protector": any(name == "__stack_chk_fail" for name, _ in symbols[0]),
            "imports": [name for name, _ in symbols[0]],
            "exports": [name for name, _ in symbols[1]],
            "sections": sections,
        }  # fmt: skip
    return Dossier(
        title=f"ELF {kind}",
        badge="ELF",
        subtitle=f"{machine}, {elf.elfclass} bits, {data['byte_order']} endian",
        facts=[
            ("Size", sized(os.fstat(call.input).st_size)),
            ("System", {"SYSV": "Unix (System V)", "LINUX": "Linux"}.get(data["system"], data["system"])),
            ("Entry point", f"0x{data['entry']:x}" if data["entry"] else None),
            ("Interpreter", interpreter),
            ("Name", data["soname"]),
            ("Needs", "\n".join(data["needed"])),
            ("Search path", data["search_path"]),
            ("Build id", data["build_id"]),
            ("Compiler", "\n".join(data["compilers"])),
            ("Symbols", "stripped" if data["stripped"] else "not stripped"),
            ("Debug information", "yes" if data["debug_information"] else "no"),
            ("Executable stack", None if stack is None else "yes" if data["executable_stack"] else "no"),
            ("RELRO", data["read_only_relocations"]),
            ("Stack protector", "yes" if data["stack_protector"] else "no"),
        ],
        tables=[
            Table(title="Sections", columns=("Name", "Type", "Address", "Bytes"),
                  rows=[(each["name"], each["type"], f"0x{each['address']:x}", each["size"]) for each in sections]),
            Table(title="Exports", columns=("Symbol", "Type"), rows=symbols[1]),
            Table(title="Imports", columns=("Symbol", "Type"), rows=symbols[0]),
        ],
        data=data,
        colour="#7a4b2a",
    )  # fmt: skip


def _interpreter(segment: Any) -> str | None:
    return None if segment is None else str(segment.get_interp_name())


def _sections(elf: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for section in elf.iter_sections():
        kind = str(section["sh_type"]).removeprefix("SHT_")
        if kind != "NULL" and len(found) < MOST_NAMES:
            found.append({"name": section.name, "type": kind, "address": int(section["sh_addr"]), "size": int(section["sh_size"])})
    return found


def _relro(protected: bool, at_start: bool) -> str:
    return "none" if not protected else "full" if at_start else "partial"


def _dynamic(elf: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"needed": []}
    section = next((segment for segment in elf.iter_segments() if segment.header.p_type == "PT_DYNAMIC"), None)
    if section is None:
        return found
    for number, tag in enumerate(section.iter_tags()):
        if number > MOST_NAMES:
            break
        name = str(tag.entry.d_tag)
        if name == "DT_NEEDED":
            found["needed"].append(str(tag.needed))
        elif name == "DT_SONAME":
            found["soname"] = str(tag.soname)
        elif name in {"DT_RPATH", "DT_RUNPATH"}:
            found["path"] = str(getattr(tag, "rpath", None) or getattr(tag, "runpath", ""))
        elif name == "DT_FLAGS_1":
            found["flags_1"] = int(tag.entry.d_val)
            found["bind_now"] = found.get("bind_now") or bool(tag.entry.d_val & 1)
        elif name == "DT_BIND_NOW" or (name == "DT_FLAGS" and tag.entry.d_val & 8):
            found["bind_now"] = True
    return found


def _symbols(elf: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Names and types of the dynamic symbols: those that are asked for, those that are offered."""
    asked: list[tuple[str, str]] = []
    offered: list[tuple[str, str]] = []
    table = elf.get_section_by_name(".dynsym")
    for number, symbol in enumerate(table.iter_symbols() if table is not None else ()):
        if number > MOST_NAMES:
            break
        if symbol.name and symbol["st_info"]["bind"] in {"STB_GLOBAL", "STB_WEAK"}:
            which = asked if symbol["st_shndx"] == "SHN_UNDEF" else offered
            which.append((str(symbol.name), str(symbol["st_info"]["type"]).removeprefix("STT_").lower()))
    return asked, offered


def _build_id(elf: Any) -> str | None:
    section = elf.get_section_by_name(".note.gnu.build-id")
    notes = list(section.iter_notes()) if section is not None else []
    return next((str(note["n_desc"]) for note in notes if note["n_type"] == "NT_GNU_BUILD_ID"), None)


def _compilers(elf: Any) -> list[str]:
    section = elf.get_section_by_name(".comment")
    data = bytes(section.data()[:4096]) if section is not None and section["sh_size"] < MiB else b""
    return list(dict.fromkeys(word.decode("utf-8", "replace") for word in data.split(b"\0") if word))


# --- PE (Microsoft, "PE Format") --------------------------------------------------------------------------------------------


def pe_dossier(call: Call) -> Dossier:
    import pefile

    pe: Any = pefile.PE(data=read(call.input, LARGEST), fast_load=True)
    pe.parse_data_directories(
        directories=[
            pefile.DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{name}"] for name in ("IMPORT", "EXPORT", "RESOURCE", "COM_DESCRIPTOR")
        ]
    )
    machine = str(pefile.MACHINE_TYPE.get(pe.FILE_HEADER.Machine, "unknown")).removeprefix("IMAGE_FILE_MACHINE_")
    subsystem = (
        str(pefile.SUBSYSTEM_TYPE.get(pe.OPTIONAL_HEADER.Subsystem, "")).removeprefix("IMAGE_SUBSYSTEM_").replace("_", " ").lower()
    )
    kind = "library" if pe.is_dll() else "driver" if pe.is_driver() else "program"
    imports = {
        _word(entry.dll): [_word(each.name) or f"#{each.ordinal}" for each in entry.imports[:MOST_NAMES]]
        for entry in getattr(pe, "DIRECTORY_ENTRY_IMPORT", [])
    }
    exports = [
        _word(each.name) or f"#{each.ordinal}"
        for each in getattr(getattr(pe, "DIRECTORY_ENTRY_EXPORT", None), "symbols", [])[:MOST_NAMES]
    ]
    directories = pe.OPTIONAL_HEADER.DATA_DIRECTORY
    sections = [
        {"name": _word(section.Name.rstrip(b"\0")), "address": int(section.VirtualAddress), "size": int(section.SizeOfRawData),
         "entropy": round(float(section.get_entropy()), 2)}
        for section in pe.sections
    ]  # fmt: skip
    flags = int(pe.OPTIONAL_HEADER.DllCharacteristics)
    data: dict[str, Any] = {
        "kind": kind,
        "bits": 64 if pe.OPTIONAL_HEADER.Magic == 0x20B else 32,
        "machine": {"AMD64": "x86-64", "I386": "x86", "ARM64": "ARM64", "ARMNT": "ARM"}.get(machine, machine),
        "subsystem": subsystem,
        "built": instant(int(pe.FILE_HEADER.TimeDateStamp)),
        "entry": int(pe.OPTIONAL_HEADER.AddressOfEntryPoint),
        "dotnet": bool(directories[14].VirtualAddress) if len(directories) > 14 else False,
        "signed": bool(directories[4].VirtualAddress) if len(directories) > 4 else False,
        "address_randomised": bool(flags & 0x40),
        "data_not_executable": bool(flags & 0x100),
        "version": _pe_version(pe),
        "imports": imports,
        "exports": exports,
        "sections": sections,
    }
    version: dict[str, str] = data["version"]
    return Dossier(
        title=version.get("FileDescription") or version.get("ProductName") or f"Windows {kind}",
        badge="PE",
        subtitle=f"Windows {kind}, {data['machine']}, {data['bits']} bits",
        facts=[
            ("Size", sized(os.fstat(call.input).st_size)),
            ("Version", version.get("FileVersion")),
            ("Product", version.get("ProductName")),
            ("Company", version.get("CompanyName")),
            ("Copyright", version.get("LegalCopyright")),
            ("Subsystem", subsystem),
            ("Built", data["built"]),
            ("Entry point", f"0x{data['entry']:x}"),
            (".NET", "yes" if data["dotnet"] else "no"),
            ("Signed", "has a signature, not checked" if data["signed"] else "no"),
            ("ASLR", "yes" if data["address_randomised"] else "no"),
            ("DEP", "yes" if data["data_not_executable"] else "no"),
        ],
        tables=[
            Table(title="Sections", columns=("Name", "Address", "Bytes", "Entropy"),
                  rows=[(each["name"], f"0x{each['address']:x}", each["size"], each["entropy"]) for each in sections]),
            Table(title="Imports", columns=("Library", "Functions"), rows=[(name, ", ".join(words[:200])) for name, words in imports.items()]),
            Table(title="Exports", columns=("Name",), rows=[(name,) for name in exports]),
        ],
        data=data,
        colour="#2b5797",
    )  # fmt: skip


def _word(name: bytes | None) -> str:
    return name.decode("utf-8", "replace") if name else ""


def _pe_version(pe: Any) -> dict[str, str]:
    """The strings of the version resource."""
    found: dict[str, str] = {}
    for info in getattr(pe, "FileInfo", None) or []:
        for entry in info:
            for table in getattr(entry, "StringTable", []):
                for name, value in list(table.entries.items())[:50]:
                    found[_word(name)] = _word(value).strip("\0 ")
    return found


DOSSIERS: dict[str, Callable[[Call], Dossier]] = {
    "ELF": elf_dossier,
    "PE": pe_dossier,
    "CLASS": lambda call: class_dossier(read(call.input, 16 * MiB)),
    "WASM": lambda call: wasm_dossier(read(call.input, LARGEST)),
}
