// a plate with a hole
difference() {
  cube([40, 20, 4], center = true);
  cylinder(h = 10, r = 5, center = true, $fn = 24);
}
