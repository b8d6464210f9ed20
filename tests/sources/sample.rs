//! A small stack machine: assemble, check, run. Written for tests.

use std::collections::HashMap;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    Push(i64),
    Add,
    Mul,
    Swap,
    Jump(usize),
    JumpZero(usize),
    Halt,
}

#[derive(Debug)]
pub enum Error {
    UnknownOp { line: usize, word: String },
    UnknownLabel { line: usize, word: String },
    Underflow { at: usize },
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownOp { line, word } => write!(f, "line {line}: no operation {word}"),
            Error::UnknownLabel { line, word } => write!(f, "line {line}: no label {word}"),
            Error::Underflow { at } => write!(f, "stack is empty at {at}"),
            Error::TooLong => write!(f, "runs too long"),
        }
    }
}

pub mod assembler {
    use super::{Error, HashMap, Op};

    pub struct Assembler<'a> {
        lines: Vec<&'a str>,
        labels: HashMap<&'a str, usize>,
    }

    impl<'a> Assembler<'a> {
        pub fn new(text: &'a str) -> Self {
            let mut labels = HashMap::new();
            let mut lines = Vec::new();
            for line in text.lines() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                if let Some(label) = line.strip_suffix(':') {
                    labels.insert(label, lines.len());
                    continue;
                }
                lines.push(line);
            }
            Assembler { lines, labels }
        }

        fn target(&self, line: usize, word: &str) -> Result<usize, Error> {
            self.labels.get(word).copied().ok_or_else(|| Error::UnknownLabel {
                line,
                word: word.to_string(),
            })
        }

        fn op(&self, line: usize, text: &str) -> Result<Op, Error> {
            let mut words = text.split_whitespace();
            let name = words.next().unwrap_or("");
            let rest = words.next().unwrap_or("");
            match name {
                "push" => Ok(Op::Push(rest.parse().unwrap_or(0))),
                "add" => Ok(Op::Add),
                "mul" => Ok(Op::Mul),
                "swap" => Ok(Op::Swap),
                "jump" => Ok(Op::Jump(self.target(line, rest)?)),
                "jz" => Ok(Op::JumpZero(self.target(line, rest)?)),
                "halt" => Ok(Op::Halt),
                _ => Err(Error::UnknownOp {
                    line,
                    word: name.to_string(),
                }),
            }
        }

        pub fn program(&self) -> Result<Vec<Op>, Error> {
            let mut program = Vec::with_capacity(self.lines.len());
            for (line, text) in self.lines.iter().enumerate() {
                program.push(self.op(line, text)?);
            }
            Ok(program)
        }
    }
}

#[derive(Default)]
pub struct Machine {
    stack: Vec<i64>,
    at: usize,
    steps: usize,
}

impl Machine {
    fn pop(&mut self) -> Result<i64, Error> {
        let at = self.at;
        self.stack.pop().ok_or(Error::Underflow { at })
    }

    pub fn step(&mut self, op: Op) -> Result<bool, Error> {
        self.at += 1;
        self.steps += 1;
        match op {
            Op::Push(value) => self.stack.push(value),
            Op::Add => {
                let a = self.pop()?;
                let b = self.pop()?;
                self.stack.push(a.wrapping_add(b));
            }
            Op::Mul => {
                let a = self.pop()?;
                let b = self.pop()?;
                self.stack.push(a.wrapping_mul(b));
            }
            Op::Swap => {
                let a = self.pop()?;
                let b = self.pop()?;
                self.stack.push(a);
                self.stack.push(b);
            }
            Op::Jump(to) => self.at = to,
            Op::JumpZero(to) => {
                if self.pop()? == 0 {
                    self.at = to;
                }
            }
            Op::Halt => return Ok(false),
        }
        Ok(true)
    }

    pub fn run(&mut self, program: &[Op], limit: usize) -> Result<Option<i64>, Error> {
        while self.at < program.len() {
            if self.steps >= limit {
                return Err(Error::TooLong);
            }
            if !self.step(program[self.at])? {
                break;
            }
        }
        Ok(self.stack.last().copied())
    }
}

pub fn evaluate(text: &str) -> Result<Option<i64>, Error> {
    let program = assembler::Assembler::new(text).program()?;
    let mut machine = Machine::default();
    machine.run(&program, 1_000_000)
}

fn main() {
    let text = "push 6\npush 7\nmul\nhalt\n";
    match evaluate(text) {
        Ok(Some(value)) => println!("= {value}"),
        Ok(None) => println!("= nothing"),
        Err(error) => eprintln!("{error}"),
    }
    let squares: Vec<i64> = (1..10).map(|x| x * x).collect();
    println!("{:?} \u{1F980}", squares);
}
