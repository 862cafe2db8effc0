"""Identity from elsewhere: JSON Web Tokens and the key sets that they are checked with."""
