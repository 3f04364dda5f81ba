//! The plugin side of `bpf_conformance`: bare insns in, R0 out.
//!
//! The runner starts `PLUGIN [MEMORY] [OPTIONS…]`, writes the program's bytes in hex to standard input and expects R0
//! in hex on standard output, or an error on standard error and a failing status. R1 is the address of the memory,
//! which programs may read and write, and R2 its length; both are 0 without memory. A `call` by number makes that
//! helper's call, `callx` the call of the helper whose number is in the register.

use std::io::{self, Read};
use std::str::FromStr;

use skep_abi::{Addr, Cpu, Errno, Pid, ProgId, ProgType};
use skep_isa::{DecodeError, Insn, decode_slots};
use skep_machine::memory::{Label, OutOfMemory, SlabSpec, Window};
use skep_machine::{Machine, MachineError, Run, UserMemory};

use crate::{Interp, Program, ProgramSpec, Trap};

/// Why there is no R0 to print.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// An argument that the protocol does not know.
    #[error("unexpected argument `{0}`; usage: [--program HEX] [MEMORY] [--debug]")]
    Argument(String),
    /// `--elf` was asked for.
    #[error("--elf is not supported: give the program as bare instructions")]
    Elf,
    /// A word that is no bytes in hex.
    #[error("`{0}` is no whole number of bytes in hex")]
    Hex(String),
    /// Standard input could not be read.
    #[error("the program cannot be read from standard input: {0}")]
    Input(#[from] io::Error),
    /// No program was given.
    #[error("the program is empty")]
    Empty,
    /// The bytes are no whole instructions.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The host has no room for a machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The machine has no room for the program.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
    /// The program did what it must not.
    #[error(transparent)]
    Trap(#[from] Box<Trap>),
}

/// One program to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Its insns.
    pub program: Vec<Insn>,
    /// What R1 points to.
    pub memory: Vec<u8>,
}

/// Bytes written in hex; spaces are allowed between bytes, and a `0x` before them.
struct Hex(Vec<u8>);

impl FromStr for Hex {
    type Err = PluginError;

    fn from_str(text: &str) -> Result<Self, PluginError> {
        let mut bytes = Vec::new();
        for word in text.split_whitespace() {
            let bad = || PluginError::Hex(word.to_owned());
            let digits = word.strip_prefix("0x").unwrap_or(word);
            let values = digits.chars().map(|c| c.to_digit(16).map(|d| d as u8));
            let values: Vec<u8> = values.collect::<Option<_>>().ok_or_else(bad)?;
            match values.as_slice() {
                [one] => bytes.push(*one),
                many if many.len().is_multiple_of(2) && !many.is_empty() => {
                    bytes.extend(many.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]));
                }
                _ => return Err(bad()),
            }
        }
        Ok(Self(bytes))
    }
}

impl Request {
    /// Reads a request as the runner makes it: `args` without the plugin's own name.
    ///
    /// # Errors
    /// Arguments outside the protocol, and what is no hex or no program.
    pub fn read(args: &[String], input: &mut dyn Read) -> Result<Self, PluginError> {
        let (mut program, mut memory) = (None, None);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--program" => {
                    let hex = args.next().ok_or_else(|| PluginError::Argument(arg.clone()))?;
                    program = Some(hex.clone());
                }
                "--elf" => return Err(PluginError::Elf),
                "--debug" | "" => {}
                other if other.starts_with('-') || memory.is_some() => {
                    return Err(PluginError::Argument(arg.clone()));
                }
                hex => memory = Some(hex.parse::<Hex>()?.0),
            }
        }
        let program = match program {
            Some(program) => program,
            None => {
                let mut text = String::new();
                input.read_to_string(&mut text)?;
                text
            }
        };
        let program = decode_slots(&program.parse::<Hex>()?.0)?;
        if program.is_empty() {
            return Err(PluginError::Empty);
        }
        Ok(Self { program, memory: memory.unwrap_or_default() })
    }

    /// Runs the program on a fresh machine; gives R0.
    ///
    /// # Errors
    /// A trap of the program, or a host without room for a machine.
    pub fn run(&self) -> Result<u64, PluginError> {
        let machine = Machine::builder().build()?;
        let len = self.memory.len() as u64;
        let memory = if len == 0 {
            Addr::NULL
        } else {
            let spec =
                SlabSpec::new(Window::Contexts, len, 1, Label::new("memory of the test", ""));
            let slab = machine.memory().alloc(&spec)?;
            slab.write(0, 0, &self.memory);
            slab.addr(0)
        };
        let interp = Interp::new().callx_calls_helpers(true);
        let spec = ProgramSpec::raw(ProgId(1), "conformance", ProgType::Xdp, self.program.clone());
        let program = interp.progs().insert(Program::new(&machine, spec)?);
        let mut run = Run {
            machine: &machine,
            cpu: Cpu(0),
            prog: program.id(),
            prog_type: program.prog_type(),
            ctx: memory,
            task: Pid(1),
            sample: None,
            event: None,
            cookie: 0,
            user: &NoProcess,
        };
        Ok(interp.run_with(&program, &mut run, &[memory.0, len])?)
    }
}

/// Answers one request of the runner: the text for standard output.
///
/// # Errors
/// What goes to standard error, with a failing status.
pub fn plugin(args: &[String], input: &mut dyn Read) -> Result<String, PluginError> {
    Ok(format!("{:x}\n", Request::read(args, input)?.run()?))
}

/// There is no process whose memory could be read.
struct NoProcess;

impl UserMemory for NoProcess {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(args: &[&str], input: &str) -> Result<String, PluginError> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        plugin(&args, &mut input.as_bytes())
    }

    #[test]
    fn r0_is_printed_in_hex() {
        assert_eq!(
            answer(&[], "b7 00 00 00  ff ff ff ff 95 00 00 00 00 00 00 00\n").unwrap(),
            "ffffffffffffffff\n"
        );
        assert_eq!(answer(&[], "b7000000050000009500000000000000").unwrap(), "5\n");
    }

    #[test]
    fn r1_is_the_memory_and_r2_its_length() {
        // r0 = *(u8 *)(r1 +2); r0 += r2; exit
        let program = "71 10 02 00 00 00 00 00 0f 20 00 00 00 00 00 00 95 00 00 00 00 00 00 00";
        assert_eq!(answer(&["11 22 30 44"], program).unwrap(), "34\n");
        assert_eq!(answer(&["11223044", "--debug"], program).unwrap(), "34\n");
        assert_eq!(answer(&["--program", program, "0x11 22 30 44"], "").unwrap(), "34\n");
        let trap = answer(&[], program).unwrap_err().to_string();
        assert!(trap.contains("null pointer") && trap.contains("insn 0"), "{trap}");
    }

    #[test]
    fn a_helper_is_called_by_number_and_by_register() {
        // call 5; r0 = 2; exit
        let by_number = "85 00 00 00 05 00 00 00 b7 00 00 00 02 00 00 00 95 00 00 00 00 00 00 00";
        assert_eq!(answer(&[], by_number).unwrap(), "2\n");
        // r2 = 5; callx r2; r0 = 2; exit
        let by_register = "b7 02 00 00 05 00 00 00 8d 02 00 00 00 00 00 00 \
                           b7 00 00 00 02 00 00 00 95 00 00 00 00 00 00 00";
        assert_eq!(answer(&[], by_register).unwrap(), "2\n");
    }

    #[test]
    fn what_is_outside_the_protocol_is_refused_in_words() {
        let refusal = |args: &[&str], input: &str| answer(args, input).unwrap_err().to_string();
        assert!(refusal(&["--elf"], "").contains("--elf is not supported"));
        assert!(refusal(&["--what"], "").contains("unexpected argument `--what`"));
        assert!(refusal(&["00", "00"], "").contains("unexpected argument `00`"));
        assert!(refusal(&[], "").contains("empty"));
        assert!(refusal(&[], "b7 0").contains("2 bytes are no whole number"));
        assert!(refusal(&[], "xyz").contains("`xyz`"));
        assert!(refusal(&["123"], "").contains("`123`"));
    }
}
