// a flat badge: a ring around a square
difference() { circle(r = 20, $fn = 48); circle(r = 16, $fn = 48); }
square(12, center = true);
