package envelope

// Dialect is a convention by which a producer spells identity.
type Dialect string

// Plain is no dialect: fields were found by the lists of common names.
const Plain Dialect = ""
