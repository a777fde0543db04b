//! Names of people who do not exist.

pub(super) const GIVEN: [&str; 40] = [
    "Anna", "Ben", "Clara", "David", "Elif", "Felix", "Greta", "Hannes", "Ida", "Jonas", "Katrin", "Lukas",
    "Mila", "Nils", "Oskar", "Paula", "Quentin", "Rosa", "Simon", "Tessa", "Ulrich", "Vera", "Wanda",
    "Xaver", "Yasmin", "Zoe", "Alice", "Brian", "Chloe", "Daniel", "Emma", "Frank", "Grace", "Harry", "Isla",
    "Jack", "Keira", "Liam", "Megan", "Noah",
];

pub(super) const FAMILY: [&str; 50] = [
    "Müller",
    "Schmidt",
    "Weber",
    "Wagner",
    "Becker",
    "Hoffmann",
    "Schäfer",
    "Koch",
    "Bauer",
    "Richter",
    "Klein",
    "Wolf",
    "Schröder",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Braun",
    "Krüger",
    "Hofmann",
    "Hartmann",
    "Lange",
    "Werner",
    "Krause",
    "Lehmann",
    "Maier",
    "Köhler",
    "Herrmann",
    "König",
    "Walter",
    "Huber",
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Davies",
    "Evans",
    "Wilson",
    "Thomas",
    "Roberts",
    "Walker",
    "Wright",
    "Thompson",
    "White",
    "Hughes",
    "Edwards",
    "Green",
    "Hall",
    "Wood",
    "Harris",
    "Clarke",
];

/// The name as mail addresses spell it.
pub(super) fn plain(name: &str) -> String {
    name.to_lowercase()
        .replace('ä', "ae")
        .replace('ö', "oe")
        .replace('ü', "ue")
        .replace('ß', "ss")
}
