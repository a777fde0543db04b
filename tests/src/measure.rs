//! What the benchmarks share: the programs as they are released, what a process costs, quantiles, and a table that is printed
//! for people and, as one line of JSON, for programs.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// Builds the daemon as it is released, so that no benchmark measures an old one.
pub fn release_build() {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells a benchmark by its environment which cargo it is"
    )]
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "-p",
            "presence-syncd",
        ])
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "presence-syncd can be built");
}

/// The arguments of a benchmark; cargo's own (`--bench`) are left out.
pub fn arguments() -> Vec<String> {
    std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect()
}

/// The number that follows `--name` among the arguments, or else `default`.
pub fn number(name: &str, default: usize) -> usize {
    let arguments = arguments();
    let Some(place) = arguments.iter().position(|word| word == &format!("--{name}")) else {
        return default;
    };
    let number = arguments.get(place + 1).and_then(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("--{name} takes a number"))
}

/// What a process has cost so far, as Linux counts it in `/proc`.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor time of all its threads.
    pub cpu: Duration,
    /// Memory that is resident now, in MB (10^6 bytes).
    pub resident: f64,
    /// The most that was ever resident, in MB.
    pub peak: f64,
    /// Open files, connections among them.
    pub files: usize,
    /// Threads.
    pub threads: usize,
}

impl Cost {
    /// What the process `pid` has cost so far.
    pub fn of(pid: u32) -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).expect("it runs");
        let status = read("status");
        let field = |name: &str| -> f64 {
            let line = status.lines().find(|line| line.starts_with(name));
            let words = line.and_then(|line| line.split_whitespace().nth(1));
            words.and_then(|word| word.parse().ok()).unwrap_or_default()
        };
        let stat = read("stat");
        // The name of the program, in parentheses, may hold anything; the 14th and 15th field are user and system time in
        // ticks, of which Linux has 100 a second (proc(5)).
        let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse::<u64>().ok())
            .sum();
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        Self {
            cpu: Duration::from_millis(ticks * 10),
            resident: field("VmRSS:") * 1.024e-3,
            peak: field("VmHWM:") * 1.024e-3,
            files,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of threads"
            )]
            threads: field("Threads:") as usize,
        }
    }
}

/// Quantiles of something that was measured often.
#[derive(Clone, Debug)]
pub struct Quantiles(Vec<f64>);

impl Quantiles {
    /// Of these values.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value that a share `part` of all is not above; zero where there is none.
    pub fn at(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list"
        )]
        let place = (part * self.0.len() as f64).ceil().max(1.0) as usize - 1;
        self.0
            .get(place.min(self.0.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// The result of a benchmark.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self {
            name,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; numbers are shown with three digits that count.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Value>) {
        let cells: Vec<Value> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Prints the table in Markdown with the machine beneath, and the same as one line of JSON.
    #[expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
    pub fn print(&self) {
        println!("| {} |", self.columns.join(" | "));
        println!("|{}", "---|".repeat(self.columns.len()));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(shown).collect();
            println!("| {} |", cells.join(" | "));
        }
        let machine = machine();
        println!("\n{machine}\n");
        let objects: Vec<Value> = self.rows.iter().map(|row| self.object(row)).collect();
        println!(
            "{}",
            json!({ "benchmark": self.name, "machine": machine, "rows": objects })
        );
    }

    fn object(&self, row: &[Value]) -> Value {
        let named = self.columns.iter().zip(row);
        let fields: Map<String, Value> = named
            .map(|(name, cell)| ((*name).to_owned(), cell.clone()))
            .collect();
        Value::Object(fields)
    }
}

fn shown(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let value = number.as_f64().unwrap_or_default();
            match value.abs() {
                size if size >= 100.0 => format!("{value:.0}"),
                size if size >= 10.0 => format!("{value:.1}"),
                size if size >= 1.0 => format!("{value:.2}"),
                _ => format!("{value:.3}"),
            }
        }
        other => other.to_string(),
    }
}

/// The machine: its processor, how many of them, its memory, its kernel.
fn machine() -> String {
    let first = |file: &str, key: &str| {
        let text = std::fs::read_to_string(PathBuf::from(file)).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
    };
    let model = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = first("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, memory {memory}, Linux {}", kernel.trim())
}
